// Whatever options a program mounts with: those that are taken say what the root's permissions are.

#include <optional>
#include <sstream>

#include "host_tests/files/files_test.h"
#include "host_tests/models/model_run.h"
#include "kernel/files/memory_fs/memory_fs.h"
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

bool begins_with(const std::string &option, const std::string &name) {
    return option.compare(0, name.size(), name) == 0;
}

bool is_ignored(const std::string &option) {
    return option.empty() || begins_with(option, "huge=");
}

// A number with one of k, m, g behind it, or none, that `most` bounds.
bool is_amount(std::string text, uint64_t most) {
    static const std::string units = "kmg";
    size_t unit = text.empty() ? std::string::npos : units.find(text.back() | 0x20);
    if (unit != std::string::npos) {
        text.pop_back();
        most >>= 10 * (unit + 1);
    }
    uint64_t number = 0;
    for (char digit : text) {
        if (digit < '0' || digit > '9' || number > UINT64_MAX / 10 - 1) {
            return false;
        }
        number = number * 10 + static_cast<uint64_t>(digit - '0');
    }
    return !text.empty() && number <= most;
}

bool is_size(std::string text) {
    bool is_share = !text.empty() && text.back() == '%';
    if (is_share) {
        text.pop_back();
    }
    return is_amount(text, is_share ? INT64_MAX / (2 * memory_fs_default_limit()) : INT64_MAX);
}

// The permissions that man 5 tmpfs reads from the options; none if it refuses one of them.
std::optional<uint64_t> expected(const std::string &options) {
    std::optional<uint64_t> permissions = PERMISSIONS_BY_DEFAULT;
    std::istringstream stream(options);
    for (std::string option; permissions && std::getline(stream, option, ',');) {
        if (option.compare(0, 5, "mode=") == 0) {
            permissions = octal(option.substr(5));
        } else if (begins_with(option, "size=")) {
            permissions = is_size(option.substr(5)) ? permissions : std::nullopt;
        } else if (begins_with(option, "nr_blocks=")) {
            permissions = is_amount(option.substr(10), INT64_MAX) ? permissions : std::nullopt;
        } else if (begins_with(option, "nr_inodes=")) {
            uint64_t most = MEMORY_FS_NODES_MAX;
            permissions = is_amount(option.substr(10), most) ? permissions : std::nullopt;
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
