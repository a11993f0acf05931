// Whatever options a program mounts with: those that are taken say what the root's permissions are.

#include <algorithm>
#include <optional>
#include <sstream>

#include "host_tests/files/files_test.h"
#include "host_tests/models/model_run.h"
#include "kernel/files/system_type/system_type.h"

namespace {

constexpr uint64_t PERMISSIONS_BY_DEFAULT = 01777;

std::optional<uint64_t> octal(const std::string &digits) {
    uint64_t number = 0;
    for (char digit : digits) {
        number = number * 8 + static_cast<uint64_t>(digit - '0');
        if (digit < '0' || digit > '7' || number > 07777) {
            return std::nullopt;
        }
    }
    return digits.empty() ? std::nullopt : std::optional(number);
}

bool is_ignored(const std::string &option) {
    static const std::string names[] = {"size=", "nr_blocks=", "nr_inodes=", "huge="};
    return option.empty() || std::any_of(std::begin(names), std::end(names), [&](auto &name) {
               return option.compare(0, name.size(), name) == 0;
           });
}

// The permissions that man 5 tmpfs reads from the options; none if it refuses one of them.
std::optional<uint64_t> expected(const std::string &options) {
    std::optional<uint64_t> permissions = PERMISSIONS_BY_DEFAULT;
    std::istringstream stream(options);
    for (std::string option; permissions && std::getline(stream, option, ',');) {
        if (option.compare(0, 5, "mode=") == 0) {
            permissions = octal(option.substr(5));
        } else if (!is_ignored(option)) {
            permissions = std::nullopt;
        }
    }
    return permissions;
}

class OptionsFuzz : public FilesTest {
  public:
    void play(const std::string &options) {
        SetUp();
        node *made = nullptr;
        status result = system_type_create_memory(options.c_str(), &made);
        std::optional<uint64_t> permissions = expected(options);
        EXPECT_EQ(result, permissions ? STATUS_OK : STATUS_INVALID) << options;
        if (result == STATUS_OK) {
            EXPECT_EQ(stat(made).mode & PERMISSION_MASK, permissions.value_or(0)) << options;
            made->system->dismantle(made);
        }
        TearDown();
    }

  private:
    void TestBody() override {}
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    abort_at_failures();
    std::string bytes(reinterpret_cast<const char *>(data), size);
    OptionsFuzz().play(bytes.c_str());
    return 0;
}
