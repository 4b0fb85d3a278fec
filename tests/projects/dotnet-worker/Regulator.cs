using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using StackExchange.Redis;

namespace Thermostat.Worker;

public sealed class Regulator(ILogger<Regulator> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        var rabbit = Environment.GetEnvironmentVariable("RABBITMQ_URI") ?? "amqp://localhost";
        var redis = Environment.GetEnvironmentVariable("REDIS_CONNECTION") ?? "localhost:6379";

        var state = (await ConnectionMultiplexer.ConnectAsync(redis)).GetDatabase();
        var factory = new ConnectionFactory { Uri = new Uri(rabbit) };
        await using var connection = await factory.CreateConnectionAsync(stopping);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stopping);

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            var degrees = Encoding.UTF8.GetString(message.Body.Span);
            await state.StringSetAsync("temperature", degrees);
            log.LogInformation("{Degrees} degrees", degrees);
        };
        await channel.BasicConsumeAsync("readings", autoAck: true, consumer, stopping);
        await Task.Delay(Timeout.Infinite, stopping);
    }
}
