// The egress policy, and that a client asks it about the address that it really connects to.
#include "http/egress.h"

#include <gtest/gtest.h>

#include <optional>

#include "http/client.h"
#include "http/server.h"

namespace slipway::http {
namespace {

TEST(Egress, the_link_and_metadata_services_are_refused_always) {
  for (const char* address :
       {"169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
        "::169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"}) {
    EXPECT_FALSE(check_address(address, {.allow_loopback = true})) << address;
    EXPECT_FALSE(check_host(address, {.allow_loopback = true})) << address;
  }
  for (const char* name : {"metadata.google.internal", "METADATA.google.internal.", "metadata"})
    EXPECT_FALSE(check_host(name, {.allow_loopback = true})) << name;
}

TEST(Egress, this_machine_is_refused_unless_it_is_allowed) {
  for (const char* address : {"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "::1", "::", "::ffff:127.0.0.1"}) {
    const auto refused = check_address(address, {});
    ASSERT_FALSE(refused) << address;
    EXPECT_EQ(refused.error().code, base::Code::Forbidden);
    EXPECT_TRUE(refused.error().message.contains("--allow-loopback-metrics")) << refused.error().message;
    EXPECT_TRUE(check_address(address, {.allow_loopback = true})) << address;
  }
  for (const char* name : {"localhost", "LOCALHOST", "a.localhost", "localhost.", "[::1]"}) {
    EXPECT_FALSE(check_host(name, {})) << name;
    EXPECT_TRUE(check_host(name, {.allow_loopback = true})) << name;
  }
}

TEST(Egress, other_addresses_are_allowed_and_nonsense_is_none) {
  for (const char* address : {"10.0.0.7", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fd00::1", "170.254.0.1"})
    EXPECT_TRUE(check_address(address, {})) << address;
  EXPECT_TRUE(check_host("prometheus.example", {}));
  EXPECT_TRUE(check_host("2130706433", {})) << "a name for the resolver, whose answer is checked";
  for (const char* nonsense : {"", "localhost", "1.2.3", "1.2.3.4.5", "host"})
    EXPECT_FALSE(check_address(nonsense, {.allow_loopback = true})) << nonsense;
}

// "localhost" is resolved: the policy hears the address and not the name.
TEST(Egress, a_client_connects_only_where_the_resolved_address_may_be) {
  runtime::real::Loop loop;
  auto server = Server::start({.listeners = {{.address = "127.0.0.1", .port = 0}}}, [](Request, ResponseWriter writer) {
                  writer.respond(200, {}, bytes_of("hello"));
                }).value();
  const Endpoint endpoint{.host = "localhost", .port = static_cast<std::uint16_t>(server->ports().front())};
  const auto ask = [&](Egress policy) {
    Client client(loop, endpoint, {.may_connect = [policy](const std::string& a) { return check_address(a, policy); }});
    std::optional<base::Result<Response>> answer;
    const auto call = client.send({}, [&](base::Result<Response> got) { answer = std::move(got); });
    while (!answer) loop.run_one();
    return *answer;
  };
  const auto refused = ask({});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::Forbidden) << refused.error().message;
  const auto allowed = ask({.allow_loopback = true});
  ASSERT_TRUE(allowed) << allowed.error().message;
  EXPECT_EQ(allowed->body, "hello");
}

}  // namespace
}  // namespace slipway::http
