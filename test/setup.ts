// Without it an Output in a template string would turn into help text instead of failing the test.
process.env["PULUMI_ERROR_OUTPUT_STRING"] = "1";
