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
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "host_tests/replay/replay.h"

namespace {

constexpr const char *SYMBOLIZER = "/usr/bin/llvm-symbolizer-19";
constexpr const char *USAGE = "usage: bazel run //tools:replay -- LOG [--kernel ELF]\n";

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

/* "page_table.c:12 in f" of the call that returns to `caller`; its number where nobody knows. */
std::string source_of(const std::string &kernel, uint64_t caller) {
    char command[4000];
    snprintf(command, sizeof command, "%s --obj='%s' --relativenames 0x%" PRIx64 " 2>&1",
             SYMBOLIZER, kernel.c_str(), caller - 1);
    FILE *pipe = popen(command, "r");
    std::string lines;
    for (int byte; pipe != nullptr && (byte = fgetc(pipe)) != EOF;) {
        lines += static_cast<char>(byte);
    }
    bool is_known = pipe != nullptr && pclose(pipe) == 0 && !lines.starts_with("??");
    size_t function_end = lines.find('\n');
    if (!is_known || function_end == std::string::npos) {
        snprintf(command, sizeof command, "0x%" PRIx64, caller);
        return command;
    }
    size_t line_end = lines.find('\n', function_end + 1);
    return lines.substr(function_end + 1, line_end - function_end - 1) + " in " +
           lines.substr(0, function_end);
}

void report(const replay::Finding &finding, const std::string &kernel) {
    printf("finding: %s\n", finding.text.c_str());
    for (const replay::Place &place : finding.after) {
        printf("  after line %u: %s\n    called at %s\n", place.line, place.what.c_str(),
               source_of(kernel, place.caller).c_str());
    }
}

int replay_file(const Options &options) {
    std::ifstream file(options.log);
    if (!file) {
        fprintf(stderr, "replay: cannot read %s\n", options.log.c_str());
        return 2;
    }
    replay::Result result = replay::run(replay::read_recording(file));
    for (const replay::Finding &finding : result.findings) {
        report(finding, options.kernel);
    }
    printf("%u operations and %u flushes replayed, %u tables with %" PRIu64
           " leaves compared: %zu findings\n",
           result.operations, result.flushes, result.tables_compared, result.leaves_compared,
           result.findings.size());
    return result.findings.empty() ? 0 : 1;
}

} // namespace

int main(int count, char **words) {
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
