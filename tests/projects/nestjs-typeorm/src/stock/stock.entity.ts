import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity()
export class Stock {
  @PrimaryColumn()
  sku: string;

  @Column({ default: 0 })
  amount: number;
}
