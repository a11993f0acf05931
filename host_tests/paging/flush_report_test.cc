#include <cstdlib>
#include <fstream>
#include <sstream>

#include "host_tests/paging/paging_test.h"

/*
 * What each operation asks of the CPUs, and how much of it for nothing. Every operation runs on few
 * and on many pages, which no CPU, one CPU or both have used. With PROOF_FILE the table goes there.
 */

namespace {

constexpr uint64_t VA = 15 * GIB;
constexpr uint64_t KERNEL_VA = KERNEL_RANGES_BASE;
constexpr uint64_t BLOCK = 512;

class FlushReportTest : public PagingTest {
  protected:
    using Operation = std::function<status()>;

    static constexpr uint64_t PAGE_COUNTS[] = {1, 8, 40};
    static constexpr unsigned USER_COUNTS[] = {0, 1, 2};

    /* The first `users` CPUs use each page of the range. */
    void use(struct virt_range range, unsigned users) {
        bool is_kernel = range.start.value >> 63 != 0;
        auto privilege = is_kernel ? machine::Privilege::SUPERVISOR : USER;
        for (uint64_t page = 0; page < range.page_count; page++) {
            for (unsigned id = 0; id < users; id++) {
                (void)cpu(id).read(range.start.value + page * PAGE_SIZE, privilege);
            }
        }
    }

    void run_named(const std::string &name, const Operation &operation) {
        pc().name_operation(name);
        EXPECT_EQ(operation(), STATUS_OK) << name;
        pc().name_operation("");
    }

    /* On pages of their own frames. */
    void run_on_pages(const std::string &name, uint64_t va, page_attributes attributes,
                      const std::function<status(struct virt_range)> &operation) {
        for (uint64_t count : PAGE_COUNTS) {
            for (unsigned users : USER_COUNTS) {
                ASSERT_EQ(map_new(pages_at(va, count), attributes), STATUS_OK);
                use(pages_at(va, count), users);
                run_named(name, [&] { return operation(pages_at(va, count)); });
                ASSERT_EQ(unmap(pages_at(va, count)), STATUS_OK);
            }
        }
    }

    /* On 2 MiB of a device, in one leaf or in 512. */
    void run_on_block(const std::string &name, unsigned level, const Operation &operation) {
        for (unsigned users : USER_COUNTS) {
            ASSERT_EQ(map(pages_at(VA, BLOCK), DEVICE, USER_RW, level), STATUS_OK);
            use(pages_at(VA, BLOCK), users);
            run_named(name, operation);
            ASSERT_EQ(unmap(pages_at(VA, BLOCK)), STATUS_OK);
        }
    }

    void run_user_operations() {
        run_on_pages("unmap", VA, USER_RW, [this](auto range) { return unmap(range); });
        run_on_pages("protect, to read-only", VA, USER_RW,
                     [this](auto range) { return protect(range, USER_RO); });
        run_on_pages("protect, to writable", VA, USER_RO,
                     [this](auto range) { return protect(range, USER_RW); });
        run_on_pages("protect, to no rights", VA, USER_RW,
                     [this](auto range) { return protect(range, NO_RIGHTS); });
        run_on_pages("remap", VA, USER_RW,
                     [this](auto range) { return remap(range, DEVICE, USER_RW, 0); });
    }

    void run_kernel_operations() {
        run_on_pages("unmap, kernel", KERNEL_VA, KERNEL_RW,
                     [this](auto range) { return unmap(range); });
        run_on_pages("protect, kernel, to read-only", KERNEL_VA, KERNEL_RW,
                     [this](auto range) { return protect(range, KERNEL_RO); });
        run_on_pages("protect, kernel, to writable", KERNEL_VA, KERNEL_RO,
                     [this](auto range) { return protect(range, KERNEL_RW); });
    }

    void run_block_operations() {
        run_on_block("unmap of part of a large leaf", 1,
                     [this] { return unmap(pages_at(VA + 64 * KIB, 4)); });
        run_on_block("merge", 0, [this] {
            merge(pages_at(VA, BLOCK));
            return STATUS_OK;
        });
    }

    std::string report() {
        machine::FlushCounts total;
        std::ostringstream rows;
        for (const auto &[name, counts] : pc().flush_counts_by_operation()) {
            total += counts;
            rows << "| " << name << " | " << counts.requests << " | " << counts.pages << " | "
                 << counts.contexts << " | " << counts.all << " | " << counts.needless << " | "
                 << counts.asked << " | " << counts.asked_needlessly << " |\n";
        }
        std::ostringstream text;
        text << total.requests << " flushes were asked for, " << total.needless
             << " of them needlessly: no CPU that was asked believed anything untrue. "
             << total.asked << " times a CPU was asked, " << total.asked_needlessly
             << " times for nothing. Operations that owe nothing have no row.\n\n"
             << "| operation | flushes | pages | contexts | all | needless | CPUs asked | for "
                "nothing |\n|---|---|---|---|---|---|---|---|\n"
             << rows.str();
        return text.str();
    }
};

TEST_F(FlushReportTest, NoOperationOnUserPagesFlushesWhatNobodyUsed) {
    run_user_operations();
    run_block_operations();
    run_kernel_operations();
    auto counts = pc().flush_counts_by_operation();
    for (const char *name : {"unmap", "protect, to read-only", "protect, to no rights", "remap"}) {
        EXPECT_EQ(counts[name].requests, 6u) << name << ": three sizes, one user and two";
        EXPECT_EQ(counts[name].needless, 0u) << name;
    }
    EXPECT_EQ(counts.count("protect, to writable") ? counts["protect, to writable"].requests : 0,
              0u)
        << "law 6";
    std::cout << report();
    if (const char *path = std::getenv("PROOF_FILE")) {
        std::ofstream(path) << report();
    }
}

} // namespace
