using Dapper;
using Npgsql;

var builder = WebApplication.CreateBuilder(args);

var connection = Environment.GetEnvironmentVariable("CELLAR_DB")
    ?? throw new InvalidOperationException("CELLAR_DB is not set");
builder.Services.AddSingleton(NpgsqlDataSource.Create(connection));
builder.Services.AddHealthChecks();

var app = builder.Build();

app.MapHealthChecks("/healthz");
app.MapGet("/bottles", async (NpgsqlDataSource db) =>
{
    await using var open = await db.OpenConnectionAsync();
    return await open.QueryAsync<Bottle>("select id, name, year from bottles order by year");
});
app.MapPost("/bottles", async (Bottle bottle, NpgsqlDataSource db) =>
{
    await using var open = await db.OpenConnectionAsync();
    await open.ExecuteAsync("insert into bottles (name, year) values (@Name, @Year)", bottle);
    return Results.Created("/bottles", bottle);
});

app.Run();

record Bottle(int Id, string Name, int Year);
