import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StockController } from './stock.controller';
import { Stock } from './stock.entity';

@Module({ imports: [TypeOrmModule.forFeature([Stock])], controllers: [StockController] })
export class StockModule {}
