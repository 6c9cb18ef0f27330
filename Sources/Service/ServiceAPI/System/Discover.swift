package import JSONDocuments

package enum Discover: ServiceMethod {
    package static let name = "rpc.discover"
    package static let summary = "This protocol as an OpenRPC document."
    package static let parameters: [MethodParameter] = []
    package typealias Parameters = Nothing
    package typealias Result = JSONObject
}
