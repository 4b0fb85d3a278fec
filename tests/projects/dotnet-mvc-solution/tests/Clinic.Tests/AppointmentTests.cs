using Clinic.Data;
using Xunit;

namespace Clinic.Tests;

public class AppointmentTests
{
    [Fact]
    public void HasAPatient() => Assert.Equal("B. Weiss", new Appointment { Patient = "B. Weiss" }.Patient);
}
