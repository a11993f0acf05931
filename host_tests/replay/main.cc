/*
 * Runs a recording of what a kernel did to its page tables through mm, on a pretend PC that forgets
 * nothing unless the kernel asked for it. Exit status: 0, all is well; 1, there are findings; 2, it
 * cannot be read.
 */
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "host_tests/replay/kernel_code.h"
#include "host_tests/replay/replay.h"

namespace {

constexpr const char *USAGE = "usage: bazel run //tools:replay -- LOG [--kernel ELF]\n";
constexpr const char *HELP =
    "\nRuns what a kernel did to its page tables, as `--trace LOG` of //tools:exec records it,\n"
    "through mm on a pretend PC (docs/trace.md).\n\n"
    "  --kernel ELF  the kernel that was recorded, for source lines (default: the built one)\n\n"
    "Exit status: 0, all is well; 1, there are findings; 2, it cannot be read.\n";

struct Options {
    std::string log;
    std::string kernel = "kernel/quire.elf";
};

/* Paths are as they were where `bazel run` was called. */
std::string from_caller(const std::string &path) {
    const char *directory = getenv("BUILD_WORKING_DIRECTORY");
    return directory == nullptr || path.starts_with('/') ? path
                                                         : std::string(directory) + "/" + path;
}

std::optional<Options> parse(int count, char **words) {
    Options options;
    for (int i = 1; i < count; i++) {
        std::string word = words[i];
        if (word == "--kernel" && i + 1 < count) {
            options.kernel = from_caller(words[++i]);
        } else if (options.log.empty() && !word.starts_with('-')) {
            options.log = from_caller(word);
        } else {
            return std::nullopt;
        }
    }
    return options.log.empty() ? std::nullopt : std::optional(options);
}

void report(const replay::Finding &finding, const replay::KernelCode &kernel) {
    printf("finding: %s\n", finding.text.c_str());
    for (const replay::Place &place : finding.after) {
        printf("  after line %u: %s\n    called at %s\n", place.line, place.what.c_str(),
               kernel.source_of(place.caller).c_str());
    }
}

int replay_file(const Options &options) {
    replay::KernelCode kernel(options.kernel);
    std::ifstream file(options.log);
    if (!file || std::filesystem::is_directory(options.log)) {
        throw replay::BadRecording("cannot read " + options.log);
    }
    replay::Result result = replay::run(replay::read_recording(file));
    for (const replay::Finding &finding : result.findings) {
        report(finding, kernel);
    }
    printf("%u operations and %u flushes replayed, %u tables with %" PRIu64
           " leaves compared: %zu findings\n",
           result.operations, result.flushes, result.tables_compared, result.leaves_compared,
           result.findings.size());
    return result.findings.empty() ? 0 : 1;
}

} // namespace

int main(int count, char **words) {
    if (count == 2 && (words[1] == std::string("--help") || words[1] == std::string("-h"))) {
        printf("%s%s", USAGE, HELP);
        return 0;
    }
    std::optional<Options> options = parse(count, words);
    if (!options) {
        fputs(USAGE, stderr);
        return 2;
    }
    try {
        return replay_file(*options);
    } catch (const std::exception &error) {
        fprintf(stderr, "replay: %s\n", error.what());
        return 2;
    }
}
