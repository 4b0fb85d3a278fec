<?php

namespace App\Http\Controllers;

use App\Models\Order;
use Illuminate\Http\Request;

class OrderController
{
    public function index()
    {
        return view('orders.index', ['orders' => Order::whereDate('created_at', today())->get()]);
    }

    public function store(Request $request)
    {
        Order::create($request->validate(['dish' => 'required|max:80', 'name' => 'required|max:40']));

        return to_route('orders.index');
    }
}
