<?php

return [
    'name' => env('APP_NAME', 'Lunch'),
    'url' => env('APP_URL', 'http://localhost'),
    'key' => env('APP_KEY'),
    'cipher' => 'AES-256-CBC',
    'timezone' => 'Europe/Vienna',
];
