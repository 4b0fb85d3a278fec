gem "roda", "~> 3.87"
gem "sequel", "~> 5.87"
gem "pg"
gem "puma", "~> 6.5"
gem "dotenv", groups: %i[development test]
