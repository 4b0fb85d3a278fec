// Reads a Jenkinsfile from standard input and prints, as JSON, the errors of its syntax and which statements stand in which block.
// Only parses: no code of the file is compiled or run, and no annotation in it is looked at (@Grab would download things).
import groovy.json.JsonOutput
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.*
import org.codehaus.groovy.control.messages.SyntaxErrorMessage

inside = { Statement block ->
    (block instanceof BlockStatement ? block.statements : [block]).collect { one ->
        def what = one instanceof ExpressionStatement ? one.expression : null
        def name = '', closure = null
        if (what instanceof DeclarationExpression) { // `agent none` reads like a declaration
            name = what.leftExpression instanceof VariableExpression ? what.leftExpression.type.nameWithoutPackage : ''
        } else if (what instanceof MethodCallExpression) {
            name = what.methodAsString
            closure = what.arguments instanceof TupleExpression ? what.arguments.expressions.find { it instanceof ClosureExpression } : null
        } else if (what instanceof VariableExpression) {
            name = what.name
        }
        [name: name ?: '', line: one.lineNumber, inside: closure ? inside(closure.code) : null]
    }
}

def errors = [], statements = []
try {
    def source = SourceUnit.create('Jenkinsfile', System.in.getText('UTF-8'))
    source.parse()
    source.completePhase()
    source.nextPhase()
    source.convert()
    statements = inside(source.AST.statementBlock)
} catch (MultipleCompilationErrorsException failed) {
    errors = failed.errorCollector.errors.collect {
        it instanceof SyntaxErrorMessage ? [line: it.cause.line, message: it.cause.originalMessage] : [line: 1, message: "$it"]
    }
}
println JsonOutput.toJson([errors: errors, statements: statements])
