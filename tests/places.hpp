#pragma once

// The top folder of the sources, for tests that read files of the project.
extern const char* const source_dir;

// The folder of the built examples, for tests in tests/examples, which run them.
extern const char* const examples_dir;
