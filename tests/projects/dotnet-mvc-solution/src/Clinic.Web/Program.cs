using Clinic.Data;
using Microsoft.EntityFrameworkCore;
using Serilog;

var builder = WebApplication.CreateBuilder(args);
builder.Host.UseSerilog((context, log) => log.ReadFrom.Configuration(context.Configuration).WriteTo.Console());
builder.Services.AddControllersWithViews();
builder.Services.AddDbContext<ClinicContext>(o =>
    o.UseSqlServer(builder.Configuration.GetConnectionString("Clinic")));

var app = builder.Build();
app.UseStaticFiles();
app.MapControllerRoute("default", "{controller=Appointments}/{action=Index}/{id?}");
app.Run();
