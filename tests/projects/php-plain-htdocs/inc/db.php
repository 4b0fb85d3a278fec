<?php
function db(): PDO
{
    static $pdo;
    return $pdo ??= new PDO(
        'mysql:host=' . getenv('MYSQL_HOST') . ';dbname=tanzboden;charset=utf8mb4',
        getenv('MYSQL_USER'),
        getenv('MYSQL_PASSWORD'),
        [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]
    );
}
