#include "host_tests/machine/moments.h"
#include "host_tests/machine/oracle.h"
#include "host_tests/paging/paging_test.h"
#include "mm/paging/pte.h"

/* S3 under the memory model of the CPU, where a load runs ahead of an older store (SDM 3A 8.2.3.4):
 * a CPU that begins to translate through a table is told of a change, or sees it. */

namespace {

constexpr uint64_t VA = 9 * GIB;

class StoreOrderTest : public PagingTest {
  protected:
    void SetUp() override {
        PagingTest::SetUp();
        pc().look_only_at_the_end();
        ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RW), STATUS_OK);
        auto table = machine::peek_table(pc().ram(), cpu().control, user.root.value, VA, 0);
        entry_pa = machine::entry_address(table->table, VA, 0);
        entry = reinterpret_cast<pte_t *>(pc().ram().at(entry_pa));
    }

    static constexpr uint64_t NEVER = UINT64_MAX;

    /* CPU 0 runs `change`, and CPU 1 enters the process that many instructions after CPU 0's
     * program has changed the entry. */
    void enter_during(const std::function<void()> &change, uint64_t moment) {
        uint64_t before = pc().ram().load(entry_pa);
        instructions = 0;
        machine::act_ahead_of_stores(pc(), change, [&] {
            if (pc().ram().load(entry_pa) == before) {
                return;
            }
            last_unseen = pc().ram().stores.size() > 0 ? instructions : last_unseen;
            if (instructions++ == moment) {
                switch_to(1, user);
                cpu(1).speculate(VA, PAGE_SIZE);
                pc().run_on(0);
            }
        });
    }

    /* What CPU 1 has kept that it should not have, if it enters at that moment. */
    std::vector<std::string> findings_at(const std::function<void()> &change, uint64_t moment) {
        switch_to(1, other);
        pc().run_on(0);
        cpu(0).write(VA, 1, USER);
        pte_t before = pte_load(entry);
        enter_during(change, moment);
        std::vector<std::string> findings = machine::find_stale_entries(pc().ram(), cpu(1));
        cpu(1).toggle_cr4_pge();
        pte_publish(entry, before);
        return findings;
    }

    /* The first thing that goes wrong: CPU 1 enters at the last moment at which it does not see all
     * that is stored, the worst of them, and now and then from first to last. */
    std::string first_finding(const std::function<void()> &change) {
        constexpr uint64_t NOW_AND_THEN = 300;
        last_unseen = NEVER;
        (void)findings_at(change, NEVER);
        std::vector<std::string> findings = findings_at(change, last_unseen);
        for (uint64_t at = 0; findings.empty() && at < instructions; at += NOW_AND_THEN) {
            findings = findings_at(change, at);
        }
        return findings.empty() ? "" : findings.front();
    }

    /* What a flush does that asks the CPUs of the mask as it was read. */
    void flush(uint64_t cpus) {
        tlb_flush request = {.scope = TLB_FLUSH_PAGES, .page_count = 1};
        request.cpus.bits = cpus;
        request.pages[0] = virt_addr(VA);
        platform_tlb_flush_start(&request);
        platform_tlb_flush_wait(&request);
    }

    uint64_t entry_pa = 0;
    pte_t *entry = nullptr;
    uint64_t instructions = 0; /* that CPU 0's program ran since it changed the entry */
    uint64_t last_unseen = NEVER;
};

TEST_F(StoreOrderTest, WithoutTheBarrierACpuIsNeitherToldNorSeesTheChange) {
    std::string finding = first_finding([&] {
        pte_publish(entry, pte_absent());
        flush(__atomic_load_n(&user.caching_cpus.bits, __ATOMIC_RELAXED));
    });
    EXPECT_NE(finding.find("CPU 1 still translates 0x240000000"), std::string::npos) << finding;
}

TEST_F(StoreOrderTest, WithTheBarrierItIsToldOrSeesTheChange) { // S3
    EXPECT_EQ(first_finding([&] {
                  pte_publish(entry, pte_absent());
                  __atomic_thread_fence(__ATOMIC_SEQ_CST);
                  flush(__atomic_load_n(&user.caching_cpus.bits, __ATOMIC_RELAXED));
              }),
              "");
    EXPECT_GT(instructions, 10u);
}

TEST_F(StoreOrderTest, ACpuThatEntersWhileAPageIsProtectedIsToldOrSeesIt) { // S3
    EXPECT_EQ(first_finding([&] { (void)!protect(pages_at(VA, 1), USER_RO); }), "");
    EXPECT_GT(instructions, 10u);
}

TEST_F(StoreOrderTest, ACpuThatEntersWhileAPageIsReplacedIsToldOrSeesIt) { // S3
    EXPECT_EQ(first_finding([&] { (void)!remap(pages_at(VA, 1), 2 * DEVICE, USER_RW, 0); }), "");
    EXPECT_GT(instructions, 10u);
}

} // namespace
