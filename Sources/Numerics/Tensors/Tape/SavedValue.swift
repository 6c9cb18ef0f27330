/// An operation's input as kept for the way back: the tensor itself, or how to make it again.
enum SavedValue {
    case tensor(Tensor)
    case recipe(Recipe)

    /// Makes a value again once for all operations that saved it, and drops it after the last has used it.
    final class Recipe {
        private let make: () -> Tensor
        private var made: Tensor?
        private var users = 0

        init(_ make: @escaping () -> Tensor) { self.make = make }

        func addUser() { users += 1 }

        func take() -> Tensor {
            let value = made ?? make()
            users -= 1
            made = users > 0 ? value : nil
            return value
        }
    }

    init(_ variable: Variable) {
        if let recipe = variable.recipe {
            recipe.addUser()
            self = .recipe(recipe)
        } else {
            self = .tensor(variable.value)
        }
    }

    /// The value; to be called once by each operation that saved it.
    func take() -> Tensor {
        switch self {
        case .tensor(let tensor): tensor
        case .recipe(let recipe): recipe.take()
        }
    }
}
