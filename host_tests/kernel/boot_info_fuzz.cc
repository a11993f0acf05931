// Whatever the loader says, what is accepted can be reached through its identity mapping, byte for
// byte, and nothing beyond the block is read.

#include <memory>

#include "host_tests/kernel/captured_text.h"
#include "host_tests/kernel/edited_file.h"
#include "host_tests/kernel/fuzzing.h"
#include "host_tests/kernel/right_boot_info.h"
#include "kernel/boot/boot_info_check.h"

using Wide = unsigned __int128; // does not wrap

static constexpr Wide REACHABLE_END = Wide{1} << 32;

static void RequireReachable(uint64_t phys, Wide size_bytes) {
    Require(phys + size_bytes <= REACHABLE_END);
}

static void RequireSound(const boot_info &info) {
    Require(info.magic == BOOT_INFO_MAGIC && info.version == BOOT_INFO_VERSION);
    Require(info.size_bytes >= sizeof(info));
    Require(info.kernel.size_bytes > 0 && info.kernel.phys % 0x200000 == 0);
    RequireReachable(info.kernel.phys, info.kernel.size_bytes);
    for (const boot_extent &extent : {info.ram_disk, info.command_line}) {
        if (extent.size_bytes > 0) {
            RequireReachable(extent.phys, extent.size_bytes);
        }
    }
    Require(info.memory_map_count > 0 && info.memory_map_count <= BOOT_MEMORY_MAP_MAX);
    RequireReachable(info.memory_map_phys, Wide{info.memory_map_count} * 24);
    Require(info.memory_use_count <= BOOT_MEMORY_USE_MAX);
    for (unsigned i = 0; i < info.memory_use_count; i++) {
        RequireReachable(info.memory_use[i].phys, info.memory_use[i].size_bytes);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const boot_info right = RightBootInfo();
    std::vector<uint8_t> block(sizeof(boot_info));
    memcpy(block.data(), &right, sizeof(right));
    block = Edit(block, data, size - size % 3, block.size());
    auto info = std::make_unique<boot_info>(); // alone on the heap, so that the sanitizer guards it
    memcpy(info.get(), block.data(), sizeof(*info));
    CapturedText said;
    if (boot_info_check(info.get(), said.sink())) {
        Require(said.text().empty());
        RequireSound(*info);
    } else {
        Require(said.number().starts_with("K10"));
    }
    return 0;
}
