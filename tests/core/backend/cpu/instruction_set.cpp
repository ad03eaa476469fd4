// oneDNN reads DNNL_MAX_CPU_ISA itself; here Highway is held to the same processor.

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <string>

namespace {

class InstructionSet : public testing::Environment {
 public:
  void SetUp() override {
    const char* variable = std::getenv("DNNL_MAX_CPU_ISA");
    const std::string cap = variable != nullptr ? variable : "";
#if HWY_ARCH_X86
    // Better targets have lower bits.
    if (cap == "AVX2") hwy::DisableTargets(HWY_AVX2 - 1);
    if (cap == "SSE41") hwy::DisableTargets(HWY_SSE4 - 1);
#endif
  }
};

[[maybe_unused]] const testing::Environment* const kInstructionSet =
    testing::AddGlobalTestEnvironment(new InstructionSet);

}  // namespace
