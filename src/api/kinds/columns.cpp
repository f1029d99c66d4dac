#include "api/kinds/columns.h"

#include <fmt/format.h>

#include "api/meta.h"
#include "base/strings.h"
#include "data/selector.h"

namespace slipway::api::kinds {
namespace {

using data::Value;

std::string or_none(std::string text) { return text.empty() ? "<none>" : text; }

std::string external_ip(const Value& service) {
  std::vector<std::string> parts;
  for (const Value& each : service["status"]["loadBalancer"]["ingress"].items())
    parts.push_back(each["ip"].is_empty() ? each["hostname"].str() : each["ip"].str());
  for (const Value& each : service["spec"]["externalIPs"].items()) parts.push_back(each.str());
  const std::string_view type = service["spec"]["type"].as_string();
  if (type == "ExternalName") return service["spec"]["externalName"].str();
  if (parts.empty() && type == "LoadBalancer") return "<pending>";
  return or_none(base::join(parts, ","));
}

std::string service_ports(const Value& service) {
  std::vector<std::string> parts;
  for (const Value& port : service["spec"]["ports"].items()) {
    std::string node = port["nodePort"].as_int() ? fmt::format(":{}", port["nodePort"].as_int()) : "";
    parts.push_back(fmt::format("{}{}/{}", port["port"].as_int(), node, port["protocol"].as_string("TCP")));
  }
  return or_none(base::join(parts, ","));
}

// At most three, and how many more there are.
std::string shortened(std::vector<std::string> all) {
  if (all.size() <= 3) return base::join(all, ",");
  const std::size_t more = all.size() - 3;
  all.resize(3);
  return fmt::format("{} + {} more...", base::join(all, ","), more);
}

std::string endpoint_addresses(const Value& slice) {
  std::vector<std::string> all;
  for (const Value& endpoint : slice["endpoints"].items())
    for (const Value& address : endpoint["addresses"].items()) all.push_back(address.str());
  return all.empty() ? "<unset>" : shortened(std::move(all));
}

std::string endpoint_ports(const Value& slice) {
  std::vector<std::string> all;
  for (const Value& port : slice["ports"].items())
    all.push_back(port["port"].is_null() ? "*" : std::to_string(port["port"].as_int()));
  return all.empty() ? "<unset>" : shortened(std::move(all));
}

std::string subjects_of(const Value& binding, std::string_view kind) {
  std::vector<std::string> parts;
  for (const Value& s : binding["subjects"].items()) {
    if (s["kind"].as_string() != kind) continue;
    parts.push_back(kind == "ServiceAccount" ? s["namespace"].str() + "/" + s["name"].str() : s["name"].str());
  }
  return base::join(parts, ", ");
}

}  // namespace

std::string age_since(const Value& time, base::Time now) {
  auto t = time_at(time);
  return t ? base::human_duration(std::max(now - *t, base::Duration::zero())) : "<unknown>";
}

Column name_column() {
  return {.name = "Name",
          .format = "name",
          .description = "Name, unique in its namespace.",
          .value = [](const Value& o, base::Time) -> Value { return o["metadata"]["name"]; }};
}

Column age_column() {
  return text_column("Age", "Time since it was created.", [](const Value& o, base::Time now) -> Value {
    return age_since(o["metadata"]["creationTimestamp"], now);
  });
}

Column text_column(std::string name, std::string description, Cell value) {
  return {.name = std::move(name), .description = std::move(description), .value = std::move(value)};
}

Column wide_column(std::string name, std::string description, Cell value) {
  Column column = text_column(std::move(name), std::move(description), std::move(value));
  column.priority = 1;
  return column;
}

Column integer_column(std::string name, std::string description, Cell value) {
  Column column = text_column(std::move(name), std::move(description), std::move(value));
  column.type = "integer";
  return column;
}

std::vector<Column> service_columns() {
  return {
      name_column(),
      text_column("Type", "How the service is reached.", [](const Value& o, base::Time) { return o["spec"]["type"]; }),
      text_column("Cluster-IP", "Virtual address.",
                  [](const Value& o, base::Time) -> Value { return or_none(o["spec"]["clusterIP"].str()); }),
      text_column("External-IP", "Address from outside.",
                  [](const Value& o, base::Time) -> Value { return external_ip(o); }),
      text_column("Port(s)", "Ports with their protocols.",
                  [](const Value& o, base::Time) -> Value { return service_ports(o); }),
      age_column(),
      wide_column("Selector", "Labels of the pods behind it.", [](const Value& o, base::Time) -> Value {
        return or_none(data::LabelSelector::of(o["spec"]["selector"]).text());
      })};
}

std::vector<Column> namespace_columns() {
  return {
      name_column(),
      text_column("Status", "Active or Terminating.", [](const Value& o, base::Time) { return o["status"]["phase"]; }),
      age_column()};
}

std::vector<Column> config_map_columns() {
  return {name_column(),
          integer_column("Data", "Number of entries.",
                         [](const Value& o, base::Time) -> Value {
                           return static_cast<std::int64_t>(o["data"].size() + o["binaryData"].size());
                         }),
          age_column()};
}

std::vector<Column> secret_columns() {
  return {
      name_column(),
      text_column("Type", "What the secret is for.", [](const Value& o, base::Time) { return o["type"]; }),
      integer_column("Data", "Number of entries.",
                     [](const Value& o, base::Time) -> Value { return static_cast<std::int64_t>(o["data"].size()); }),
      age_column()};
}

std::vector<Column> service_account_columns() {
  return {name_column(),
          integer_column(
              "Secrets", "Number of secrets it may use.",
              [](const Value& o, base::Time) -> Value { return static_cast<std::int64_t>(o["secrets"].size()); }),
          age_column()};
}

std::vector<Column> endpoint_slice_columns() {
  return {
      name_column(),
      text_column("AddressType", "Kind of addresses.", [](const Value& o, base::Time) { return o["addressType"]; }),
      text_column("Ports", "Ports of all endpoints.",
                  [](const Value& o, base::Time) -> Value { return endpoint_ports(o); }),
      text_column("Endpoints", "Addresses.", [](const Value& o, base::Time) -> Value { return endpoint_addresses(o); }),
      age_column()};
}

std::vector<Column> lease_columns() {
  return {name_column(),
          text_column("Holder", "Who has it.", [](const Value& o, base::Time) { return o["spec"]["holderIdentity"]; }),
          age_column()};
}

std::vector<Column> role_columns() {
  return {name_column(), text_column("Created At", "When it was created.",
                                     [](const Value& o, base::Time) { return o["metadata"]["creationTimestamp"]; })};
}

std::vector<Column> role_binding_columns() {
  auto subjects = [](std::string_view kind) {
    return [kind](const Value& o, base::Time) -> Value { return subjects_of(o, kind); };
  };
  return {name_column(),
          text_column("Role", "What is granted.",
                      [](const Value& o, base::Time) -> Value {
                        return o["roleRef"]["kind"].str() + "/" + o["roleRef"]["name"].str();
                      }),
          age_column(),
          wide_column("Users", "Users that have it.", subjects("User")),
          wide_column("Groups", "Groups that have it.", subjects("Group")),
          wide_column("ServiceAccounts", "Service accounts that have it.", subjects("ServiceAccount"))};
}

}  // namespace slipway::api::kinds
