module example.net/shop/telemetry

go 1.25.1
