<?php

namespace App\Controller;

use App\Message\PriceChanged;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Messenger\MessageBusInterface;
use Symfony\Component\Routing\Attribute\Route;

final class PriceController
{
    #[Route('/prices/{ean}', methods: ['PUT'])]
    public function change(string $ean, Request $request, MessageBusInterface $bus): Response
    {
        $bus->dispatch(new PriceChanged($ean, (int) $request->getContent()));

        return new JsonResponse(status: 202);
    }

    #[Route('/healthz', methods: ['GET'])]
    public function health(): Response
    {
        return new Response('ok');
    }
}
