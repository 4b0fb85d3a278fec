import { Controller, Get, Param } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { Stock } from './stock.entity';

@Controller('stock')
export class StockController {
  constructor(@InjectRepository(Stock) private readonly stock: Repository<Stock>) {}

  @Get(':sku')
  one(@Param('sku') sku: string) {
    return this.stock.findOneByOrFail({ sku });
  }
}
