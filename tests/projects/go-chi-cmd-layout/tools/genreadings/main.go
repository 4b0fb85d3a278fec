//go:build ignore

// Writes made-up readings to standard output, for load tests.
package main

import (
	"fmt"
	"math/rand"
)

func main() {
	for range 100 {
		fmt.Printf("{\"kwh\": %.2f}\n", rand.Float64()*40)
	}
}
