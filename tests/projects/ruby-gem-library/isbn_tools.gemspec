require_relative "lib/isbn_tools/version"

Gem::Specification.new do |spec|
  spec.name = "isbn_tools"
  spec.version = IsbnTools::VERSION
  spec.authors = ["Paula Moreno"]
  spec.summary = "Checks and converts ISBNs"
  spec.license = "MIT"
  spec.required_ruby_version = ">= 3.1"
  spec.files = Dir["lib/**/*.rb", "README.md"]

  spec.add_dependency "zeitwerk", "~> 2.6"
end
