using Clinic.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Clinic.Web.Controllers;

public class AppointmentsController(ClinicContext db) : Controller
{
    public async Task<IActionResult> Index() =>
        View(await db.Appointments.OrderBy(a => a.At).ToListAsync());
}
