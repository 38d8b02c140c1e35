#pragma once

// The top folder of the sources, for tests that read files of the project.
extern const char* const source_dir;
