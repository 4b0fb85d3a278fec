package cmd

import (
	"os"

	"github.com/spf13/cobra"
)

var dryRun bool

var rootCmd = &cobra.Command{
	Use:   "seqrename",
	Short: "Give the files of a folder running numbers",
}

// Execute runs the command line and ends the process with 1 on an error.
func Execute() {
	if err := rootCmd.Execute(); err != nil {
		os.Exit(1)
	}
}

func init() {
	rootCmd.PersistentFlags().BoolVarP(&dryRun, "dry-run", "n", false, "only print what would be renamed")
	if os.Getenv("SEQRENAME_DRY_RUN") != "" {
		dryRun = true
	}
}
