using Thermostat.Worker;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddHostedService<Regulator>();

await builder.Build().RunAsync();
