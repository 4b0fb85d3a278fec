package main

import "github.com/tvolk/seqrename/cmd"

func main() {
	cmd.Execute()
}
