// SPDX-License-Identifier: MIT
pragma solidity 0.8.27;

/// @title A verifier that takes every proof with A = (1, 2), and remembers nothing
contract MockVerifier {
    bytes32 public immutable CIRCUIT_ID;

    constructor(bytes32 circuitId) {
        CIRCUIT_ID = circuitId;
    }

    function verifyProof(uint256[2] calldata a, uint256[2][2] calldata, uint256[2] calldata, uint256[9] calldata) external pure returns (bool) {
        return a[0] == 1 && a[1] == 2;
    }
}

/// @title An ERC-20 token that anybody may mint, and that can call somebody in the middle of a transfer
contract LoanToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    address private _hook;
    bytes private _data;
    bytes public answer;

    error NotEnough();

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function setHook(address hook, bytes calldata data) external {
        (_hook, _data) = (hook, data);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (allowance[from][msg.sender] < amount) revert NotEnough();
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _move(address from, address to, uint256 amount) private {
        if (balanceOf[from] < amount) revert NotEnough();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (_hook != address(0)) (, answer) = _hook.call(_data);
    }
}
