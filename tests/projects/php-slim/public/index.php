<?php

declare(strict_types=1);

use Psr\Http\Message\ResponseInterface as Response;
use Psr\Http\Message\ServerRequestInterface as Request;
use Slim\Factory\AppFactory;

require __DIR__ . '/../vendor/autoload.php';

$app = AppFactory::create();
$app->addErrorMiddleware((bool) getenv('SHOW_ERRORS'), true, true);

$app->get('/status', function (Request $request, Response $response) {
    $response->getBody()->write('ok');
    return $response;
});

$app->get('/stations/{city}', function (Request $request, Response $response, array $args) {
    $response->getBody()->write(json_encode(stations($args['city']), JSON_THROW_ON_ERROR));
    return $response->withHeader('Content-Type', 'application/json');
});

$app->run();
