// A test suite that runs on every control plane there is; without one each test is skipped and says why.
//
//   class MyTest : public EachVersion {};
//   SLIPWAY_EACH_VERSION(MyTest);
//   TEST_P(MyTest, Does) { bed().api()->... }
//
// One bed per version is shared by all tests of the process: each test works in a namespace of its own, and one that
// kills a part starts it again before it ends.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "bed.h"

namespace slipway::tests {

class EachVersion : public testing::TestWithParam<Assets> {
 public:
  // The versions to run on; one without a folder when there is none.
  static std::vector<Assets> versions();
  static std::string name_of(const testing::TestParamInfo<Assets>& info);

  // Called with each bed that was used, after the last test and before the bed is ended. May add failures.
  static void at_the_end(std::function<void(Bed&)> check);

 protected:
  void SetUp() override;
  Bed& bed() const;
  cli::Api& api() const { return *api_; }  // administrator
  // A new namespace, "t-12"; `api` works in it from then on.
  std::string new_space();
  // Asks until it holds. The limit is only there so that a hang ends with a name.
  bool eventually(const std::function<bool()>& holds, base::Duration limit = base::minutes(10)) const;

 private:
  std::unique_ptr<cli::Api> api_;
};

#define SLIPWAY_EACH_VERSION(Suite) \
  INSTANTIATE_TEST_SUITE_P(Real, Suite, testing::ValuesIn(EachVersion::versions()), EachVersion::name_of)

}  // namespace slipway::tests
