#include "api/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace slipway::api {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
bool is_lower_alnum(char c) { return is_lower(c) || is_digit(c); }

// Letters and digits at both ends, and those or `-` between.
bool is_label(std::string_view s) {
  return !s.empty() && is_lower_alnum(s.front()) && is_lower_alnum(s.back()) &&
         std::ranges::all_of(s, [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_subdomain(std::string_view s) { return std::ranges::all_of(base::split(s, '.'), is_label); }

bool is_name_part(std::string_view s) {
  return !s.empty() && is_alnum(s.front()) && is_alnum(s.back()) &&
         std::ranges::all_of(s, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long_message(std::size_t limit) { return fmt::format("must be no more than {} bytes", limit); }

bool is_ipv4(std::string_view text) {
  auto parts = base::split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view p) {
           if (p.empty() || p.size() > 3 || !std::ranges::all_of(p, is_digit)) return false;
           return (p.size() == 1 || p[0] != '0') && *base::parse_int(p) <= 255;
         });
}

bool is_hex_group(std::string_view g) {
  return !g.empty() && g.size() <= 4 &&
         std::ranges::all_of(g, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

// Number of 16-bit groups in one side of "::", or -1.
int count_groups(std::string_view side) {
  if (side.empty()) return 0;
  int count = 0;
  auto groups = base::split(side, ':');
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i + 1 == groups.size() && is_ipv4(groups[i]))
      count += 2;
    else if (is_hex_group(groups[i]))
      count += 1;
    else
      return -1;
  }
  return count;
}

bool is_ipv6(std::string_view text) {
  std::size_t gap = text.find("::");
  if (gap == text.npos) return count_groups(text) == 8;
  int left = count_groups(text.substr(0, gap)), right = count_groups(text.substr(gap + 2));
  return left >= 0 && right >= 0 && left + right < 8;
}

}  // namespace

std::string check_dns1123_label(std::string_view name) {
  if (name.size() > 63) return too_long_message(63);
  if (is_label(name)) return {};
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "
         "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::string check_dns1123_subdomain(std::string_view name) {
  if (name.size() > 253) return too_long_message(253);
  if (is_subdomain(name)) return {};
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
         "start "
         "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

std::string check_dns1035_label(std::string_view name) {
  if (name.size() > 63) return too_long_message(63);
  if (is_label(name) && is_lower(name.front())) return {};
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
         "character, "
         "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
         "'[a-z]([-a-z0-9]*[a-z0-9])?')";
}

std::string check_path_segment(std::string_view name) {
  if (name == "." || name == "..") return fmt::format("may not be '{}'", name);
  for (char c : {'/', '%'})
    if (name.contains(c)) return fmt::format("may not contain '{}'", c);
  return {};
}

std::string check_qualified_name(std::string_view name) {
  auto parts = base::split(name, '/');
  if (parts.size() > 2 || (parts.size() == 2 && parts[0].empty()))
    return "a qualified name must be a name with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
  if (parts.size() == 2) {
    if (std::string bad = check_dns1123_subdomain(parts[0]); !bad.empty()) return "prefix part " + bad;
  }
  if (parts.back().empty()) return "name part must be non-empty";
  if (parts.back().size() > 63) return "name part must be no more than 63 bytes";
  if (is_name_part(parts.back())) return {};
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric "
         "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
         "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string check_label_value(std::string_view value) {
  if (value.size() > 63) return too_long_message(63);
  if (value.empty() || is_name_part(value)) return {};
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
         "and "
         "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
         "is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

std::string check_port_name(std::string_view name) {
  if (name.size() > 15) return "must be no more than 15 characters";
  if (!std::ranges::all_of(name, [](char c) { return is_lower_alnum(c) || c == '-'; }))
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  if (!std::ranges::any_of(name, is_lower)) return "must contain at least one letter (a-z)";
  if (name.contains("--")) return "must not contain consecutive hyphens";
  if (name.front() == '-' || name.back() == '-') return "must not begin or end with a hyphen";
  return {};
}

std::string check_env_name(std::string_view name) {
  if (!name.empty() && std::ranges::all_of(name, [](char c) { return c >= ' ' && c < 0x7f && c != '='; })) return {};
  return "a valid environment variable name must consist only of printable ASCII characters other than '='";
}

std::string check_config_key(std::string_view name) {
  if (name.size() > 253) return too_long_message(253);
  if (name.empty() ||
      !std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }))
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
           "'KEY_NAME', "
           " or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  if (name == ".") return "must not be '.'";
  if (name.starts_with("..")) return "must not start with '..'";
  return {};
}

std::string check_ip(std::string_view text) {
  return is_ipv4(text) || is_ipv6(text) ? "" : "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
}

std::string check_absolute_path(std::string_view path) {
  for (std::string_view part : base::split(path, '/'))
    if (part == "..") return "must not contain '..'";
  return {};
}

}  // namespace slipway::api
