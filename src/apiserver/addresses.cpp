#include "apiserver/addresses.h"

#include <set>

#include "api/meta.h"
#include "apiserver/errors.h"
#include "base/strings.h"

namespace slipway::apiserver {
namespace {

using base::fail;
using data::Value;

constexpr int kFirstNodePort = 30000, kLastNodePort = 32767;

struct Taken {
  std::set<std::uint32_t> addresses;
  std::set<std::int64_t> node_ports;
};

Taken taken_by_others(const store::Snapshot& snapshot, const Value& service) {
  Taken taken;
  snapshot.scan("services", "", nullptr, [&](const store::EntryPtr& entry) {
    bool own = entry->key.space == api::space_of(service) && entry->key.name == api::name_of(service);
    if (own) return true;
    if (auto ip = parse_ipv4(entry->object["spec"]["clusterIP"].as_string())) taken.addresses.insert(*ip);
    for (const Value& port : entry->object["spec"]["ports"].items())
      if (port.has("nodePort")) taken.node_ports.insert(port["nodePort"].as_int());
    return true;
  });
  return taken;
}

bool is_api_service(const Value& service) {
  return api::space_of(service) == "default" && api::name_of(service) == "kubernetes";
}

// The first free address from a random one on; offset 1 is kept for the API's own Service.
std::string pick(const AddressRange& range, const Taken& taken, std::uint64_t seed) {
  std::uint32_t room = range.usable() - 1;
  for (std::uint32_t i = 0; i < room; ++i) {
    std::uint32_t offset = 2 + static_cast<std::uint32_t>((seed + i) % room);
    if (!taken.addresses.contains(range.first() + offset)) return range.at(offset);
  }
  return {};
}

void set_cluster_ip(Value& service, const std::string& ip) {
  service.member("spec").set("clusterIP", ip);
  service.member("spec").set("clusterIPs", Value::array({ip}));
  if (ip == "None" && service["spec"]["selector"].is_empty()) return;
  if (!service["spec"].has("ipFamilies")) service.member("spec").set("ipFamilies", Value::array({"IPv4"}));
  if (!service["spec"].has("ipFamilyPolicy")) service.member("spec").set("ipFamilyPolicy", "SingleStack");
}

void check_asked(const AddressRange& range, const Taken& taken, const std::string& ip,
                 std::vector<base::Cause>& problems) {
  auto address = parse_ipv4(ip);
  if (!address)
    problems.push_back(invalid_value("spec.clusterIPs[0]", ip, "must be an IPv4 address or None"));
  else if (!range.contains(*address))
    problems.push_back(
        invalid_value("spec.clusterIPs", ip,
                      "failed to allocate IP " + ip + ": the provided IP is not in the valid range " + range.text()));
  else if (taken.addresses.contains(*address))
    problems.push_back(
        invalid_value("spec.clusterIPs", ip, "failed to allocate IP " + ip + ": provided IP is already allocated"));
}

void assign_cluster_ip(const AddressRange& range, const Taken& taken, std::uint64_t seed, Value& service,
                       const Value& old, std::vector<base::Cause>& problems) {
  std::string ip = service["spec"]["clusterIP"].str();
  if (ip.empty()) ip = service["spec"]["clusterIPs"].at(0).str();
  if (ip.empty() && old["spec"]["type"].as_string() != "ExternalName") ip = old["spec"]["clusterIP"].str();
  if (ip.empty())
    ip = is_api_service(service) ? range.at(1) : pick(range, taken, seed);
  else if (ip != "None" && ip != old["spec"]["clusterIP"].as_string())
    check_asked(range, taken, ip, problems);
  if (ip.empty())
    problems.push_back(invalid_value("spec.clusterIP", "", "no address is left in " + range.text()));
  else
    set_cluster_ip(service, ip);
}

// The node port that the same port had before, unless it names another one.
std::int64_t previous_node_port(const Value& old, const Value& port) {
  for (const Value& was : old["spec"]["ports"].items())
    if (was["port"] == port["port"] && was["protocol"] == port["protocol"]) return was["nodePort"].as_int();
  return 0;
}

void assign_node_ports(Taken& taken, std::uint64_t seed, Value& service, const Value& old,
                       std::vector<base::Cause>& problems) {
  Value& ports = service.member("spec").member("ports");
  constexpr int kRoom = kLastNodePort - kFirstNodePort + 1;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::int64_t port = ports.at(i)["nodePort"].as_int();
    std::string field = "spec.ports[" + std::to_string(i) + "].nodePort";
    if (port == 0)
      port = previous_node_port(old, ports.at(i));
    else if (taken.node_ports.contains(port))
      problems.push_back(invalid_value(field, std::to_string(port), "provided port is already allocated"));
    else if (port < kFirstNodePort || port > kLastNodePort)
      problems.push_back(
          invalid_value(field, std::to_string(port),
                        "provided port is not in the valid range. The range of valid ports is 30000-32767"));
    for (int tries = 0; port == 0 && tries < kRoom; ++tries) {
      std::int64_t candidate =
          kFirstNodePort + static_cast<std::int64_t>((seed + static_cast<unsigned>(tries)) % kRoom);
      if (!taken.node_ports.contains(candidate)) port = candidate;
    }
    taken.node_ports.insert(port);
    ports.element(i).set("nodePort", port);
  }
}

void drop_addresses(Value& service) {
  for (const char* field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
    service.member("spec").erase(field);
}

}  // namespace

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  auto parts = base::split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t out = 0;
  for (std::string_view part : parts) {
    auto n = base::parse_uint(part);
    if (!n || *n > 255 || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    out = out << 8 | static_cast<std::uint32_t>(*n);
  }
  return out;
}

std::string format_ipv4(std::uint32_t a) {
  return std::to_string(a >> 24) + "." + std::to_string(a >> 16 & 255) + "." + std::to_string(a >> 8 & 255) + "." +
         std::to_string(a & 255);
}

base::Result<AddressRange> AddressRange::parse(std::string_view cidr) {
  std::size_t slash = cidr.find('/');
  auto address = parse_ipv4(cidr.substr(0, slash));
  auto bits = base::parse_uint(slash == std::string_view::npos ? "" : cidr.substr(slash + 1));
  if (!address || !bits || *bits < 8 || *bits > 30)
    return fail(base::Code::Invalid, "\"" + std::string(cidr) + "\" is no IPv4 range like 10.96.0.0/16");
  std::uint32_t mask = ~std::uint32_t{0} << (32 - *bits);
  AddressRange range;
  range.first_ = *address & mask;
  range.last_ = range.first_ | ~mask;
  range.text_ = cidr;
  return range;
}

std::string AddressRange::at(std::uint32_t offset) const { return format_ipv4(first_ + offset); }

void assign_addresses(const AddressRange& range, const store::Snapshot& snapshot, std::uint64_t seed, Value& service,
                      const Value& old, std::vector<base::Cause>& problems) {
  std::string type = service["spec"]["type"].str("ClusterIP");
  if (type == "ExternalName") return drop_addresses(service);
  Taken taken = taken_by_others(snapshot, service);
  assign_cluster_ip(range, taken, seed, service, old, problems);
  bool outside = type == "NodePort" || type == "LoadBalancer";
  if (outside) assign_node_ports(taken, seed, service, old, problems);
}

}  // namespace slipway::apiserver
