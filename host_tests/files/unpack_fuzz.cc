// Whatever the archive says, unpacking it ends, and all that it made goes with the file system.

#include "host_tests/files/file_test.h"
#include "host_tests/kernel/edited_file.h"
#include "host_tests/kernel/fuzzing.h"
#include "host_tests/models/model_run.h"
#include "kernel/files/unpack/unpack.h"

namespace {

// A directory, a file in it, a link to it, and a device.
std::vector<uint8_t> template_archive() {
    using namespace std::string_literals;
    const std::string zero(8, '0');
    auto member = [&](const char *mode, const std::string &name, const std::string &content) {
        char sizes[9];
        snprintf(sizes, sizeof(sizes), "%08zx", content.size());
        char name_size[9];
        snprintf(name_size, sizeof(name_size), "%08zx", name.size() + 1);
        std::string bytes = "070701" + std::string("00000007") + mode + zero + zero + "00000002" +
                            zero + sizes + zero + zero + zero + zero + name_size + zero + name +
                            "\0"s;
        bytes.resize((bytes.size() + 3) / 4 * 4);
        bytes += content;
        bytes.resize((bytes.size() + 3) / 4 * 4);
        return bytes;
    };
    const std::string archive = member("000041ed", "d", "") + member("000081a4", "d/f", "text") +
                                member("000081a4", "g", "more") + member("0000a1ff", "l", "d/f") +
                                member("000021b6", "n", "") + member("00000000", "TRAILER!!!", "");
    return {archive.begin(), archive.end()};
}

class UnpackFuzz : public FileTest {
  public:
    UnpackFuzz(const uint8_t *data, size_t size) : data_(data), size_(size) {}

    void play() {
        SetUp();
        const std::vector<uint8_t> archive = template_archive();
        const std::vector<uint8_t> edited = Edit(archive, data_, size_, archive.size());
        const initrd disk = {edited.data(), edited.size()};
        (void)!unpack_initrd(&disk, &view, &NOWHERE);
        TearDown();
    }

  private:
    void TestBody() override {}

    const uint8_t *data_;
    size_t size_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    abort_at_failures();
    UnpackFuzz(data, size).play();
    return 0;
}
