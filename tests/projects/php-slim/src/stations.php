<?php

declare(strict_types=1);

function stations(string $city): array
{
    $uri = $_ENV['MONGODB_URI'] ?? throw new RuntimeException('MONGODB_URI is not set');
    $stations = (new MongoDB\Client($uri))->velo->stations;

    return $stations->find(['city' => $city], ['projection' => ['_id' => 0]])->toArray();
}
