#pragma once

/*
 * Clang's thread-safety analysis, used for every duty that must be ended: locks, tokens and
 * gathers. Every build has -Werror=thread-safety, so a gather that is not finished, or a function
 * that needs a lock called without it, does not compile.
 */
#define CAPABILITY(name)    __attribute__((capability(name)))
#define ACQUIRES(...)       __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)       __attribute__((release_capability(__VA_ARGS__)))
#define REQUIRES(...)       __attribute__((requires_capability(__VA_ARGS__)))
#define NO_CAPABILITY_CHECK __attribute__((no_thread_safety_analysis))
