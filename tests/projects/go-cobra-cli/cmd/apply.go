package cmd

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func init() {
	rootCmd.AddCommand(&cobra.Command{
		Use:   "apply DIR",
		Args:  cobra.ExactArgs(1),
		Short: "Rename now",
		RunE: func(c *cobra.Command, args []string) error {
			entries, err := os.ReadDir(args[0])
			if err != nil {
				return err
			}
			for i, e := range entries {
				if e.IsDir() {
					continue
				}
				to := fmt.Sprintf("%04d%s", i+1, filepath.Ext(e.Name()))
				fmt.Fprintf(c.OutOrStdout(), "%s -> %s\n", e.Name(), to)
				if dryRun {
					continue
				}
				if err := os.Rename(filepath.Join(args[0], e.Name()), filepath.Join(args[0], to)); err != nil {
					return err
				}
			}
			return nil
		},
	})
}
