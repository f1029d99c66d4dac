#include "server/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "runtime/file.h"

namespace slipway::server {
namespace {

using ::testing::HasSubstr;

const base::Time kNow{std::chrono::seconds(1'790'000'000)};

class CertificatesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/slipway-pki-XXXXXX";
    root_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  DataDir dir() { return *DataDir::open(root_); }
  std::string root_;
};

TEST_F(CertificatesTest, AreMadeOnceAndKept) {
  const auto first = ensure_certificates(dir(), 7443, kNow);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = ensure_certificates(dir(), 7443, kNow + base::hours(1));
  ASSERT_TRUE(second);
  EXPECT_EQ(first->admin.certificate, second->admin.certificate);
  struct stat info;
  ASSERT_EQ(stat((root_ + "/kubeconfig").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_THAT(*runtime::read_file(root_ + "/kubeconfig"), HasSubstr("server: https://127.0.0.1:7443"));
}

TEST_F(CertificatesTest, AreRenewedBeforeTheyExpireUnderTheSameAuthority) {
  const auto first = ensure_certificates(dir(), 7443, kNow);
  const auto later = ensure_certificates(dir(), 7443, kNow + base::hours(24 * 350));
  ASSERT_TRUE(first && later);
  EXPECT_EQ(first->ca, later->ca);
  EXPECT_NE(first->server.certificate, later->server.certificate);
}

TEST_F(CertificatesTest, AKeyThatOthersMayReadIsRefusedWithTheRemedy) {
  ASSERT_TRUE(ensure_certificates(dir(), 7443, kNow));
  chmod((root_ + "/pki/ca.key").c_str(), 0644);
  const auto again = ensure_certificates(dir(), 7443, kNow);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().message, HasSubstr("chmod 600"));
}

}  // namespace
}  // namespace slipway::server
