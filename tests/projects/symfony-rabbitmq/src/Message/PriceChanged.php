<?php

namespace App\Message;

final readonly class PriceChanged
{
    public function __construct(public string $ean, public int $cents)
    {
    }
}
