// SPDX-License-Identifier: GPL-3.0
/*
    Copyright 2021 0KIMS association.

    This file is generated with [snarkJS](https://github.com/iden3/snarkjs).

    snarkJS is a free software: you can redistribute it and/or modify it
    under the terms of the GNU General Public License as published by
    the Free Software Foundation, either version 3 of the License, or
    (at your option) any later version.

    snarkJS is distributed in the hope that it will be useful, but WITHOUT
    ANY WARRANTY; without even the implied warranty of MERCHANTABILITY
    or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public
    License for more details.

    You should have received a copy of the GNU General Public License
    along with snarkJS. If not, see <https://www.gnu.org/licenses/>.
*/

pragma solidity >=0.8.4 <0.9.0;

/// @title DevelopmentMAttestedVerifier: made for keys whose secrets everybody knows
/// @dev Anybody can prove anything to it. It deploys on the chains of local development only.
contract DevelopmentMAttestedVerifier {
    /// The hash of "plimsoll/M-attested" with version 1.
    bytes32 public constant CIRCUIT_ID = 0x18769356680ace2554598486817fd2446cd2e380d4755e3643580e2724c8ec8b;

    /// Development keys prove nothing to anybody, so they have no business on a chain where others act.
    error DevelopmentChainsOnly(uint256 chainId);

    constructor() {
        if (block.chainid != 31337 && block.chainid != 1337) revert DevelopmentChainsOnly(block.chainid);
    }

    // Scalar field size
    uint256 constant r    = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    // Base field size
    uint256 constant q   = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    // Verification Key data
    uint256 constant alphax  = 1864875107951612902765634273856579545540166377521444590148509714093402731688;
    uint256 constant alphay  = 19959429744778711812413515347954327675232558000057549483622068100609232320207;
    uint256 constant betax1  = 20806219203110950160322960300816790621906235360619417511691545803757538610258;
    uint256 constant betax2  = 19337721296052092678800609098647188130703890257046478210258126176818537331185;
    uint256 constant betay1  = 1354577357038045478582199166516822260923231709126369818342492676170314072895;
    uint256 constant betay2  = 2469619942973516256590630256935402202078655123513421602668538701973882174572;
    uint256 constant gammax1 = 11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 constant gammax2 = 10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 constant gammay1 = 4082367875863433681332203403145435568316851327593401208105741076214120093531;
    uint256 constant gammay2 = 8495653923123431417604973247489272438418190587263600148770280649306958101930;
    uint256 constant deltax1 = 12830702414182261977043312458202954948487184668311843491774628173735088732489;
    uint256 constant deltax2 = 18701862556353965607703103256252071967689899984923962404913730640137929806412;
    uint256 constant deltay1 = 999338443972040299432048988125605294766346777724049771380281763090873316414;
    uint256 constant deltay2 = 1715164286838293560794915676266273143965608089698650765937452338549979842575;


    uint256 constant IC0x = 18924421486653297801044107933512137418733527204758747717634094754233822803385;
    uint256 constant IC0y = 19529274095845615592623218343342070096962195681941420414276214505212628638218;

    uint256 constant IC1x = 14900769472668726150419431111225818337528329172354163814711918155225878655625;
    uint256 constant IC1y = 19610522184723736011305733720403690468095669122682366995084578104388572261615;

    uint256 constant IC2x = 7581484963200803079206564170928557547253601784537877348384048769016507299942;
    uint256 constant IC2y = 15140319178493727554865038286589538071244373858954969960022548024765023442693;

    uint256 constant IC3x = 11308487625364931770813292838208895444153904002587005911450287717485443032841;
    uint256 constant IC3y = 784770391415371922141810540653292065831269871094787741981746543773124565160;

    uint256 constant IC4x = 11222473328276884817076830923692184569433532420245931121389715373360455733428;
    uint256 constant IC4y = 12140563233241504681485142952134179996806899663211140054576241390704470126380;

    uint256 constant IC5x = 17887865576831440377236790162083157518822383334285852173493535560217857891654;
    uint256 constant IC5y = 847000980837414382627676442865419620987493551125962416190663961601263368907;

    uint256 constant IC6x = 15567476586992686240622631428666217631492462071861466049258225270829866874774;
    uint256 constant IC6y = 2632726454412639667442001016798942276623475786221172594304889638184672769766;

    uint256 constant IC7x = 4720829484137833344620400700581004987070040053377425875875811807038589913008;
    uint256 constant IC7y = 16600575375687149643841151632600248308330818581546330221140197397044359864342;

    uint256 constant IC8x = 9616458359828865846399300091654886267708917587394112559036721204828951750566;
    uint256 constant IC8y = 18766154321804535259936837192732335046985082960228818282145526838043362612825;

    uint256 constant IC9x = 3898597056104154567175121460600650394110628893316996905153062937883324614690;
    uint256 constant IC9y = 1602915613524319325507442429656002876269730855973616375337143211002474398795;


    // Memory data
    uint16 constant pVk = 0;
    uint16 constant pPairing = 128;

    uint16 constant pLastMem = 896;

    function verifyProof(uint[2] calldata _pA, uint[2][2] calldata _pB, uint[2] calldata _pC, uint[9] calldata _pubSignals) public view returns (bool) {
        assembly {
            function checkField(v) {
                if iszero(lt(v, r)) {
                    mstore(0, 0)
                    return(0, 0x20)
                }
            }

            // G1 function to multiply a G1 value(x,y) to value in an address
            function g1_mulAccC(pR, x, y, s) {
                let success
                let mIn := mload(0x40)
                mstore(mIn, x)
                mstore(add(mIn, 32), y)
                mstore(add(mIn, 64), s)

                success := staticcall(sub(gas(), 2000), 7, mIn, 96, mIn, 64)

                if iszero(success) {
                    mstore(0, 0)
                    return(0, 0x20)
                }

                mstore(add(mIn, 64), mload(pR))
                mstore(add(mIn, 96), mload(add(pR, 32)))

                success := staticcall(sub(gas(), 2000), 6, mIn, 128, pR, 64)

                if iszero(success) {
                    mstore(0, 0)
                    return(0, 0x20)
                }
            }

            function checkPairing(pA, pB, pC, pubSignals, pMem) -> isOk {
                let _pPairing := add(pMem, pPairing)
                let _pVk := add(pMem, pVk)

                mstore(_pVk, IC0x)
                mstore(add(_pVk, 32), IC0y)

                // Compute the linear combination vk_x

                g1_mulAccC(_pVk, IC1x, IC1y, calldataload(add(pubSignals, 0)))

                g1_mulAccC(_pVk, IC2x, IC2y, calldataload(add(pubSignals, 32)))

                g1_mulAccC(_pVk, IC3x, IC3y, calldataload(add(pubSignals, 64)))

                g1_mulAccC(_pVk, IC4x, IC4y, calldataload(add(pubSignals, 96)))

                g1_mulAccC(_pVk, IC5x, IC5y, calldataload(add(pubSignals, 128)))

                g1_mulAccC(_pVk, IC6x, IC6y, calldataload(add(pubSignals, 160)))

                g1_mulAccC(_pVk, IC7x, IC7y, calldataload(add(pubSignals, 192)))

                g1_mulAccC(_pVk, IC8x, IC8y, calldataload(add(pubSignals, 224)))

                g1_mulAccC(_pVk, IC9x, IC9y, calldataload(add(pubSignals, 256)))


                // -A
                mstore(_pPairing, calldataload(pA))
                mstore(add(_pPairing, 32), mod(sub(q, calldataload(add(pA, 32))), q))

                // B
                mstore(add(_pPairing, 64), calldataload(pB))
                mstore(add(_pPairing, 96), calldataload(add(pB, 32)))
                mstore(add(_pPairing, 128), calldataload(add(pB, 64)))
                mstore(add(_pPairing, 160), calldataload(add(pB, 96)))

                // alpha1
                mstore(add(_pPairing, 192), alphax)
                mstore(add(_pPairing, 224), alphay)

                // beta2
                mstore(add(_pPairing, 256), betax1)
                mstore(add(_pPairing, 288), betax2)
                mstore(add(_pPairing, 320), betay1)
                mstore(add(_pPairing, 352), betay2)

                // vk_x
                mstore(add(_pPairing, 384), mload(add(pMem, pVk)))
                mstore(add(_pPairing, 416), mload(add(pMem, add(pVk, 32))))


                // gamma2
                mstore(add(_pPairing, 448), gammax1)
                mstore(add(_pPairing, 480), gammax2)
                mstore(add(_pPairing, 512), gammay1)
                mstore(add(_pPairing, 544), gammay2)

                // C
                mstore(add(_pPairing, 576), calldataload(pC))
                mstore(add(_pPairing, 608), calldataload(add(pC, 32)))

                // delta2
                mstore(add(_pPairing, 640), deltax1)
                mstore(add(_pPairing, 672), deltax2)
                mstore(add(_pPairing, 704), deltay1)
                mstore(add(_pPairing, 736), deltay2)


                let success := staticcall(sub(gas(), 2000), 8, _pPairing, 768, _pPairing, 0x20)

                isOk := and(success, mload(_pPairing))
            }

            let pMem := mload(0x40)
            mstore(0x40, add(pMem, pLastMem))

            // Validate that all evaluations ∈ F

            checkField(calldataload(add(_pubSignals, 0)))

            checkField(calldataload(add(_pubSignals, 32)))

            checkField(calldataload(add(_pubSignals, 64)))

            checkField(calldataload(add(_pubSignals, 96)))

            checkField(calldataload(add(_pubSignals, 128)))

            checkField(calldataload(add(_pubSignals, 160)))

            checkField(calldataload(add(_pubSignals, 192)))

            checkField(calldataload(add(_pubSignals, 224)))

            checkField(calldataload(add(_pubSignals, 256)))


            // Validate all evaluations
            let isValid := checkPairing(_pA, _pB, _pC, _pubSignals, pMem)

            mstore(0, isValid)
             return(0, 0x20)
         }
     }
 }
