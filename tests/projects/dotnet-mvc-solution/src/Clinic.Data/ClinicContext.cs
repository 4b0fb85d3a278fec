using Microsoft.EntityFrameworkCore;

namespace Clinic.Data;

public class Appointment
{
    public int Id { get; set; }
    public required string Patient { get; set; }
    public DateTime At { get; set; }
}

public class ClinicContext(DbContextOptions<ClinicContext> options) : DbContext(options)
{
    public DbSet<Appointment> Appointments => Set<Appointment>();
}
