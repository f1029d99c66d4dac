#include "http/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway::http::pki {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

const base::Time kNow = base::Time(base::seconds(1'790'000'000));
constexpr base::Duration kYear = base::hours(24 * 365);

class Pki : public testing::Test {
 protected:
  Credential ca = make_ca("slipway-ca", kNow, 10 * kYear);
};

TEST_F(Pki, TheCaDescribesItself) {
  const auto d = *describe(ca.certificate);
  EXPECT_TRUE(d.is_ca);
  EXPECT_EQ(d.subject, (Identity{"slipway-ca", {}}));
  EXPECT_EQ(d.not_after, kNow + 10 * kYear);
  EXPECT_LT(d.not_before, kNow);
}

TEST_F(Pki, AServerCertificateNamesItsHostsAndAddresses) {
  const auto server = *issue_server(ca, {"localhost", "127.0.0.1", "::1", "kubernetes.default.svc"}, kNow, kYear);
  const auto d = *describe(server.certificate);
  EXPECT_THAT(d.names, ElementsAre("localhost", "127.0.0.1", "::1", "kubernetes.default.svc"));
  EXPECT_FALSE(d.is_ca);
  EXPECT_TRUE(check(server, ca.certificate, kNow, base::hours(24)));
}

TEST_F(Pki, AClientCertificateCarriesUserAndGroups) {
  const Identity admin{"kubernetes-admin", {"system:masters", "Gruppe Ä"}};
  const auto client = *issue_client(ca, admin, kNow, kYear);
  EXPECT_EQ(describe(client.certificate)->subject, admin);
}

TEST_F(Pki, TheCheckSaysWhatIsWrong) {
  const auto server = *issue_server(ca, {"localhost"}, kNow, kYear);
  const auto other = *issue_server(ca, {"localhost"}, kNow, kYear);
  const auto foreign = make_ca("slipway-ca", kNow, kYear);
  const auto message = [](const base::Result<void>& r) { return r ? "fine" : r.error().message; };
  EXPECT_THAT(message(check({server.certificate, other.key}, ca.certificate, kNow, {})), HasSubstr("does not belong"));
  EXPECT_THAT(message(check(server, foreign.certificate, kNow, {})), HasSubstr("not signed"));
  EXPECT_THAT(message(check(server, ca.certificate, kNow + kYear, {})), HasSubstr("ends at"));
  EXPECT_THAT(message(check(server, ca.certificate, kNow + kYear - base::hours(1), base::hours(2))),
              HasSubstr("ends at"));
  EXPECT_THAT(message(check(server, ca.certificate, kNow - base::hours(2), {})), HasSubstr("not valid before"));
  EXPECT_THAT(message(check({"junk", server.key}, ca.certificate, kNow, {})), HasSubstr("not a certificate"));
}

TEST_F(Pki, RefusesWhatCannotBeACertificate) {
  EXPECT_FALSE(issue_server(ca, {"evil,IP:1.2.3.4"}, kNow, kYear));
  EXPECT_FALSE(issue_client({ca.certificate, make_ca("x", kNow, kYear).key}, {"a", {}}, kNow, kYear));
  EXPECT_FALSE(describe("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
}

}  // namespace
}  // namespace slipway::http::pki
