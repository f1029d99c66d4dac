// The rules for names, labels and other short texts of the Kubernetes API (RFC 1123, RFC 1035 and relatives).
//
// Each function gives an empty text when the name is good, else the message that Kubernetes shows.
#pragma once

#include <string>
#include <string_view>

namespace slipway::api {

std::string check_dns1123_label(std::string_view name);      // at most 63 bytes: namespaces, containers
std::string check_dns1123_subdomain(std::string_view name);  // at most 253 bytes: most objects
std::string check_dns1035_label(std::string_view name);      // as a label, but starts with a letter: services
std::string check_path_segment(std::string_view name);       // RBAC: no '/', no '%', not "." or ".."
std::string check_qualified_name(std::string_view name);     // "example.com/key" or "key": label keys, finalizers
std::string check_label_value(std::string_view value);       // may be empty
std::string check_port_name(std::string_view name);          // IANA service name, at most 15 bytes with a letter
std::string check_env_name(std::string_view name);           // printable ASCII without '='
std::string check_config_key(std::string_view name);         // key in a ConfigMap or Secret
std::string check_ip(std::string_view text);                 // IPv4 or IPv6 literal
std::string check_absolute_path(std::string_view path);      // has no ".." element

}  // namespace slipway::api
