#include "http/egress.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <optional>

#include "base/strings.h"

namespace slipway::http {
namespace {

namespace ip = boost::asio::ip;

// Beside the link-local ones: AWS over IPv6, Alibaba, Azure, Oracle.
constexpr std::array kTellSecrets = {"fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"};

std::optional<ip::address> literal(std::string_view text) {
  boost::system::error_code bad;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const ip::address address = ip::make_address(std::string(text), bad);
  if (bad) return std::nullopt;
  return address;
}

// IPv4 that is written in IPv6: mapped (::ffff:0:0/96), compatible (::/96) and translated (64:ff9b::/96).
ip::address plain(const ip::address& address) {
  if (!address.is_v6()) return address;
  const ip::address_v6::bytes_type b = address.to_v6().to_bytes();
  const bool zeros = std::all_of(b.begin(), b.begin() + 10, [](unsigned char c) { return c == 0; });
  const bool mapped = zeros && b[10] == 0xff && b[11] == 0xff;
  const bool compatible = zeros && b[10] == 0 && b[11] == 0 && (b[12] != 0 || b[13] != 0 || b[14] != 0);
  constexpr std::array<unsigned char, 12> kTranslated = {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
  const bool translated = std::equal(kTranslated.begin(), kTranslated.end(), b.begin());
  if (!mapped && !compatible && !translated) return address;
  return ip::address_v4({b[12], b[13], b[14], b[15]});
}

bool is_link_local(const ip::address& a) {
  if (a.is_v6()) return a.to_v6().is_link_local();
  const auto b = a.to_v4().to_bytes();
  return b[0] == 169 && b[1] == 254;
}

// 0.0.0.0/8 leads to this machine, too.
bool is_this_machine(const ip::address& a) {
  if (a.is_v6()) return a.is_loopback() || a.is_unspecified();
  const auto first = a.to_v4().to_bytes()[0];
  return first == 127 || first == 0;
}

base::Error refused(const char* why, std::string_view what) {
  return {base::Code::Forbidden, std::string(why) + std::string(what)};
}

constexpr const char* kLink = "nothing is asked or told at link-local addresses, nor at those of a cloud's metadata: ";
constexpr const char* kHere =
    "nothing is asked or told on this machine unless the administrator allows it (--allow-loopback-metrics): ";

}  // namespace

base::Result<void> check_address(std::string_view text, const Egress& policy) {
  const auto given = literal(text);
  if (!given) return base::fail(refused("not an IP address: ", text));
  const ip::address address = plain(*given);
  const bool tells = std::ranges::any_of(kTellSecrets, [&](const char* each) { return address == *literal(each); });
  if (tells || is_link_local(address)) return base::fail(refused(kLink, text));
  if (is_this_machine(address) && !policy.allow_loopback) return base::fail(refused(kHere, text));
  return {};
}

base::Result<void> check_host(std::string_view host, const Egress& policy) {
  if (literal(host)) return check_address(host, policy);
  std::string name = base::to_lower(host);
  while (name.ends_with('.')) name.pop_back();
  if (name == "metadata.google.internal" || name == "metadata") return base::fail(refused(kLink, host));
  if ((name == "localhost" || name.ends_with(".localhost")) && !policy.allow_loopback)
    return base::fail(refused(kHere, host));
  return {};
}

}  // namespace slipway::http
