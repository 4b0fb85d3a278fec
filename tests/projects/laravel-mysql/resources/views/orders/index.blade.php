<h1>Lunch today</h1>
<ul>
    @foreach ($orders as $order)
        <li>{{ $order->name }}: {{ $order->dish }}</li>
    @endforeach
</ul>
<form method="post" action="{{ route('orders.store') }}">
    @csrf
    <input name="name"><input name="dish"><button>Order</button>
</form>
